import{a,b,c}from"./chunk-7HZ2BSRS.js";import"./chunk-SU366FXP.js";import"./chunk-VKIIFNUP.js";import"./chunk-DHHA3D2Z.js";import"./chunk-4ZSZS2HH.js";export{b as Favourites,c as Like,a as Shop};
