"""web3.py's IPC provider, made for Ethereum nodes, as a client of the socket: web3_ipc.py SOCKET"""
import sys

from web3.providers import IPCProvider

answer = IPCProvider(sys.argv[1]).make_request("account.balance", [])
print(answer["result"]["total_evaluation"])
