// The files that hold the disks of machines.
export interface Volume {
  name: string;
  format: string;
  virtualSize: number;
  used: number;
  machine: string;
  disk: string;
  standsOn: string;
  heldBy: string[];
  orphan: boolean;
  problem: string;
}
