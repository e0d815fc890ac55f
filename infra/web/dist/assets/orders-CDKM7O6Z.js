import{a,b,c}from"./chunk-ID5P2UGU.js";import"./chunk-STWXRAZA.js";import"./chunk-C673LSHJ.js";import"./chunk-5EM3IGEB.js";import"./chunk-4ZSZS2HH.js";export{c as Order,a as Orders,b as Status};
