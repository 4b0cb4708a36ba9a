import capture from './plugins/capture.js';

export default [capture];
