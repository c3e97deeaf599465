// What GET /machines/{name}/memory answers.
export type MemoryReason = 'steady' | 'growing' | 'resting' | 'shortage';

export interface MemoryReport {
  dynamic: boolean;
  minimum: number;
  maximum: number;
  assigned: number | null;
  used: number | null;
  /** Held once together with equal pages of others; null where the kernel does not tell. */
  merged: number | null;
  hostAvailable: number;
  hostReserve: number;
  hostPressure: number;
  changes: {
    time: string;
    from: number;
    to: number;
    used: number;
    hostAvailable: number;
    reason: MemoryReason;
  }[];
}
