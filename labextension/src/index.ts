import capture from './plugins/capture.js';
import panel from './plugins/panel.js';

export default [capture, panel];
