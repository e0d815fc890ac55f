import{a,b,c}from"./chunk-N3P5MBVX.js";import"./chunk-FX42NCJT.js";import"./chunk-PKU467IL.js";import"./chunk-5EM3IGEB.js";import"./chunk-4ZSZS2HH.js";export{c as Rooms,a as dateIn,b as useSlots};
