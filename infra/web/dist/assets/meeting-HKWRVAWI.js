import{a,b,c}from"./chunk-7HWIIRK7.js";import"./chunk-DHHA3D2Z.js";import"./chunk-4ZSZS2HH.js";export{b as isRecorder,c as isWithoutMedia,a as open};
