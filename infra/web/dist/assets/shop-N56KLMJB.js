import{a,b,c}from"./chunk-WYPZVB5J.js";import"./chunk-SU366FXP.js";import"./chunk-D3P72IWW.js";import"./chunk-TNHKIZ7W.js";export{b as Favourites,c as Like,a as Shop};
