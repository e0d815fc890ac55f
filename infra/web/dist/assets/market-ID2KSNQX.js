import{d as a,e as b,f as c}from"./chunk-WYPZVB5J.js";import"./chunk-SU366FXP.js";import"./chunk-D3P72IWW.js";import"./chunk-TNHKIZ7W.js";export{c as Item,a as Market,b as Picture};
