import{a,b,c}from"./chunk-JUADV6GM.js";import"./chunk-SU366FXP.js";import"./chunk-PKU467IL.js";import"./chunk-5EM3IGEB.js";import"./chunk-4ZSZS2HH.js";export{c as Order,a as Orders,b as Status};
