import capture from './plugins/capture.js';
import cell from './plugins/cell.js';
import newer from './plugins/newer.js';
import panel from './plugins/panel.js';
import states from './plugins/states.js';
import whole from './plugins/whole.js';

export default [capture, cell, newer, panel, states, whole];
