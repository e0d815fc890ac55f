import{a,b,c}from"./chunk-MW2VTLVS.js";import"./chunk-2PVOPAQ2.js";import"./chunk-KUOI765G.js";import"./chunk-TNHKIZ7W.js";export{c as Order,a as Orders,b as Status};
