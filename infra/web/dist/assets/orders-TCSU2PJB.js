import{a,b,c}from"./chunk-Y5253LGG.js";import"./chunk-5JIGQY5R.js";import"./chunk-D3P72IWW.js";import"./chunk-TNHKIZ7W.js";export{c as Order,a as Orders,b as Status};
