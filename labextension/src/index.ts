import capture from './plugins/capture.js';
import cell from './plugins/cell.js';
import limits from './plugins/limits.js';
import newer from './plugins/newer.js';
import panel from './plugins/panel.js';
import states from './plugins/states.js';
import whole from './plugins/whole.js';

export default [capture, cell, limits, newer, panel, states, whole];
