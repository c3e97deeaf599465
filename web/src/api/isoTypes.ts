// The discs that Visor keeps.
export interface Iso {
  name: string;
  path: string;
  size: number;
  created: string;
  usedBy: string[];
}

export interface IsoRequest {
  folder: string;
  name?: string;
  label?: string;
  machine?: string;
  drive?: string;
}
