import{a,b,c}from"./chunk-OFFFO73H.js";import"./chunk-5EM3IGEB.js";import"./chunk-4ZSZS2HH.js";export{b as isRecorder,c as isWithoutMedia,a as open};
