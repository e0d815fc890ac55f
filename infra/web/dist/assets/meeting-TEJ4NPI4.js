import{a,b,c}from"./chunk-6GFJQCYE.js";import"./chunk-5EM3IGEB.js";import"./chunk-4ZSZS2HH.js";export{b as isRecorder,c as isWithoutMedia,a as open};
