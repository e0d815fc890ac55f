import{a,b,c}from"./chunk-Z52OKKUF.js";import"./chunk-SU366FXP.js";import"./chunk-353D74CG.js";import"./chunk-RB563JAR.js";import"./chunk-4ZSZS2HH.js";export{b as Favourites,c as Like,a as Shop};
