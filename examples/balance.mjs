#!/usr/bin/env node
// The balance, with nothing but Node: examples/balance.mjs [SOCKET]
import net from "node:net";
import readline from "node:readline";

// KIS says nothing of a price before the market has loaded it.
const won = (amount) => amount?.toLocaleString("en") ?? "–";
const kisd = net.connect(process.argv[2] ?? "/run/kisd/kisd.sock");
kisd.write(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "account.balance" }) + "\n");
for await (const line of readline.createInterface({ input: kisd })) {
  const { result: balance, error } = JSON.parse(line);
  if (error) {
    console.error(`${error.message} (code ${error.code})`);
    process.exitCode = 1;
  } else {
    console.log(`${balance.account}: ${won(balance.total_evaluation)} won`);
    for (const { stock_code, stock_name, quantity, current_price } of balance.holdings) {
      console.log(`${stock_code} ${stock_name}: ${won(quantity)} @ ${won(current_price)}`);
    }
  }
  kisd.end();
}
