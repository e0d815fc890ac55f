import{a,b,c}from"./chunk-JQMMWZYS.js";import"./chunk-5JIGQY5R.js";import"./chunk-D3P72IWW.js";import"./chunk-TNHKIZ7W.js";export{b as Favourites,c as Like,a as Shop};
