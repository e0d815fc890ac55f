import{a,b,c}from"./chunk-XZPHYH6U.js";import"./chunk-5JIGQY5R.js";import"./chunk-PKU467IL.js";import"./chunk-5EM3IGEB.js";import"./chunk-4ZSZS2HH.js";export{c as Order,a as Orders,b as Status};
