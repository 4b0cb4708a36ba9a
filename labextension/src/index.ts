import capture from './plugins/capture.js';
import cell from './plugins/cell.js';

export default [capture, cell];
