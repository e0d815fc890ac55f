import{a,b,c}from"./chunk-ZGMSDU5X.js";import"./chunk-RB563JAR.js";import"./chunk-4ZSZS2HH.js";export{b as isRecorder,c as isWithoutMedia,a as open};
