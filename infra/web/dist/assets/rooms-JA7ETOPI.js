import{a,b,c}from"./chunk-6BX4C5JV.js";import"./chunk-FX42NCJT.js";import"./chunk-353D74CG.js";import"./chunk-RB563JAR.js";import"./chunk-4ZSZS2HH.js";export{c as Rooms,a as dateIn,b as useSlots};
