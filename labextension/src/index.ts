import capture from './plugins/capture.js';
import cell from './plugins/cell.js';
import panel from './plugins/panel.js';

export default [capture, cell, panel];
