import{a,b,c}from"./chunk-5LQEW3WR.js";import"./chunk-2PVOPAQ2.js";import"./chunk-L6JAIKVK.js";import"./chunk-TNHKIZ7W.js";export{c as Order,a as Orders,b as Status};
