import{a,b,c}from"./chunk-FL5ELSMV.js";import"./chunk-TNHKIZ7W.js";export{b as isRecorder,c as isWithoutMedia,a as open};
