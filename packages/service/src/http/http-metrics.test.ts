import { expect, test } from "vitest";
import { Metrics } from "../metrics/metrics.ts";
import { createHttpMetrics } from "./http-metrics.ts";

test("bytes of open connections are counted as they come, of closed ones once", async () => {
  const metrics = new Metrics();
  const http = createHttpMetrics(metrics);
  const first = { bytesRead: 10, bytesWritten: 100 };
  const second = { bytesRead: 1, bytesWritten: 2 };
  http.connectionOpened(first);
  http.connectionOpened(second);
  first.bytesRead = 20;
  http.connectionFailed();
  http.connectionClosed(second);
  const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("vm_tcp"));
  expect(lines).toEqual([
    'vm_tcplistener_conns{name="http"} 1',
    'vm_tcplistener_accepts_total{name="http"} 2',
    'vm_tcplistener_read_bytes_total{name="http"} 21',
    'vm_tcplistener_written_bytes_total{name="http"} 102',
    'vm_tcplistener_errors_total{name="http"} 1',
  ]);
});
