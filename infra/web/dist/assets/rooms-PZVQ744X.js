import{a,b,c}from"./chunk-4EBO3ZFK.js";import"./chunk-FX42NCJT.js";import"./chunk-5LQPAJXJ.js";import"./chunk-DHHA3D2Z.js";import"./chunk-4ZSZS2HH.js";export{c as Rooms,a as dateIn,b as useSlots};
