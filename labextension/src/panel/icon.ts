import { LabIcon } from '@jupyterlab/ui-components';

/** A branch whose older end goes on. */
export const historyTreeIcon = new LabIcon({
  name: 'forkernel:history',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="2" stroke-linecap="round">
    <path d="M7 8.5v7M7 15.5v-2c0-2.5 10-1 10-5"/>
    <circle cx="7" cy="5.5" r="2.5"/><circle cx="7" cy="18.5" r="2.5"/><circle cx="17" cy="5.5" r="2.5"/>
  </g>
</svg>`
});
