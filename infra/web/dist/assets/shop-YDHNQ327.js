import{a,b,c}from"./chunk-N63EW473.js";import"./chunk-SU366FXP.js";import"./chunk-PKU467IL.js";import"./chunk-5EM3IGEB.js";import"./chunk-4ZSZS2HH.js";export{b as Favourites,c as Like,a as Shop};
