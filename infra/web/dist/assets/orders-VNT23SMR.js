import{a,b,c}from"./chunk-JFZVS4XS.js";import"./chunk-SU366FXP.js";import"./chunk-5LQPAJXJ.js";import"./chunk-DHHA3D2Z.js";import"./chunk-4ZSZS2HH.js";export{c as Order,a as Orders,b as Status};
