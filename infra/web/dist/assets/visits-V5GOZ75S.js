import{a,b}from"./chunk-WDTNPS2Z.js";import"./chunk-GI6SLN4M.js";import"./chunk-WI6VSDAM.js";import"./chunk-D3P72IWW.js";import"./chunk-TNHKIZ7W.js";export{a as JOBS,b as Visits};
