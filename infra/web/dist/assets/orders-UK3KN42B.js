import{a,b,c}from"./chunk-W6IDXRNF.js";import"./chunk-SU366FXP.js";import"./chunk-VKIIFNUP.js";import"./chunk-DHHA3D2Z.js";import"./chunk-4ZSZS2HH.js";export{c as Order,a as Orders,b as Status};
