import{a,b,c}from"./chunk-SVKJ32BU.js";import"./chunk-SU366FXP.js";import"./chunk-D3P72IWW.js";import"./chunk-TNHKIZ7W.js";export{c as Order,a as Orders,b as Status};
