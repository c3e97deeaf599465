// One place that speaks HTTP with the daemon. Every failure becomes an ApiError with the daemon's own words.
import type { Problem } from './types';

export const apiRoot = '/api/v1';

export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = 'ApiError';
    this.problem = problem;
  }

  get unauthorized(): boolean {
    return this.problem.status === 401;
  }

  /** No answer at all: the daemon is away or the network is. */
  get unreachable(): boolean {
    return this.problem.status === 0;
  }
}

type UnauthorizedListener = () => void;
let onUnauthorized: UnauthorizedListener = () => undefined;

export function setUnauthorizedListener(listener: UnauthorizedListener): void {
  onUnauthorized = listener;
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback: Problem = {
    title: response.statusText || String(response.status),
    status: response.status,
    code: 'http',
    detail: '',
  };
  try {
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null
      ? { ...fallback, ...(body as Partial<Problem>) }
      : fallback;
  } catch {
    return fallback;
  }
}

export async function send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(apiRoot + path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      ...init,
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError({ title: 'No answer', status: 0, code: 'daemon.unreachable', detail: '' });
  }
  if (response.ok) return response;
  const error = new ApiError(await problemOf(response));
  if (error.unauthorized && path !== '/auth/login') onUnauthorized();
  throw error;
}

async function json<T>(method: string, path: string, body?: unknown, headers: HeadersInit = {}): Promise<T> {
  const response = await send(method, path, {
    body: body === undefined ? null : JSON.stringify(body),
    headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
  });
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const api = {
  get: <T>(path: string) => json<T>('GET', path),
  post: <T>(path: string, body: unknown = {}) => json<T>('POST', path, body),
  patch: <T>(path: string, body: unknown, headers: HeadersInit = {}) => json<T>('PATCH', path, body, headers),
  delete: <T>(path: string) => json<T>('DELETE', path),
};
