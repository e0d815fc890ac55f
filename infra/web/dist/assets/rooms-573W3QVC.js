import{a,b,c}from"./chunk-EVWVZ74V.js";import"./chunk-MKNXN34C.js";import"./chunk-D3P72IWW.js";import"./chunk-TNHKIZ7W.js";export{c as Rooms,a as dateIn,b as useSlots};
