import{a,b,c}from"./chunk-TMXXTX5D.js";import"./chunk-SU366FXP.js";import"./chunk-5LQPAJXJ.js";import"./chunk-DHHA3D2Z.js";import"./chunk-4ZSZS2HH.js";export{b as Favourites,c as Like,a as Shop};
