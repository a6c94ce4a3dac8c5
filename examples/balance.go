// The balance, with nothing but Go's standard library: go run examples/balance.go [SOCKET]
package main

import (
	"encoding/json"
	"log"
	"net"
	"os"
)

func main() {
	kisd, err := net.Dial("unix", append(os.Args, "/run/kisd/kisd.sock")[1])
	if err != nil {
		log.Fatal(err)
	}
	json.NewEncoder(kisd).Encode(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "account.balance"})
	var reply struct{ Result, Error map[string]any }
	decoder := json.NewDecoder(kisd)
	decoder.UseNumber()
	if err := decoder.Decode(&reply); err != nil || reply.Error != nil {
		log.Fatal(err, reply.Error)
	}
	log.Println(reply.Result["account"], reply.Result["total_evaluation"], "won", reply.Result["holdings"])
}
