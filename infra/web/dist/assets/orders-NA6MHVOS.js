import{a,b,c}from"./chunk-JWOIWUCK.js";import"./chunk-STWXRAZA.js";import"./chunk-KUOI765G.js";import"./chunk-TNHKIZ7W.js";export{c as Order,a as Orders,b as Status};
