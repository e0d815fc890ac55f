import{d as a,e as b,f as c}from"./chunk-JQMMWZYS.js";import"./chunk-5JIGQY5R.js";import"./chunk-D3P72IWW.js";import"./chunk-TNHKIZ7W.js";export{c as Item,a as Market,b as Picture};
