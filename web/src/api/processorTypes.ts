// What GET /machines/{name}/processor answers.
export interface HostTypeFit {
  type: string;
  /** Empty: of every maker. */
  maker: string;
  fits: boolean;
  missing: string[];
}

export interface ProcessorReport {
  model: string;
  maker: string;
  /** By QEMU: every host with the same QEMU has it. */
  emulated: boolean;
  /** That of the running guest; else that of the next start. */
  running: boolean;
  features: string[];
  hosts: HostTypeFit[];
}
