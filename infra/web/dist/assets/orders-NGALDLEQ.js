import{a,b,c}from"./chunk-YQZ2A2O4.js";import"./chunk-SU366FXP.js";import"./chunk-353D74CG.js";import"./chunk-RB563JAR.js";import"./chunk-4ZSZS2HH.js";export{c as Order,a as Orders,b as Status};
