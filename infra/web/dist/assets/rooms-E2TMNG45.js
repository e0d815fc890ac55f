import{a,b,c}from"./chunk-TIRVDZRL.js";import"./chunk-FX42NCJT.js";import"./chunk-VKIIFNUP.js";import"./chunk-DHHA3D2Z.js";import"./chunk-4ZSZS2HH.js";export{c as Rooms,a as dateIn,b as useSlots};
