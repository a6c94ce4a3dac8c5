"""The official Python SDK of MCP as the client of `kisctl mcp`: lists and calls every tool and reads every resource.

mcp_sdk.py KISCTL SOCKET"""
import asyncio
import json
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

PRICE = [{"name": "FID_COND_MRKT_DIV_CODE", "value": "J"}, {"name": "FID_INPUT_ISCD", "value": "005930"}]
ARGUMENTS = {
    "stock_search": {"query": "삼성전자"},
    "stock_info": {"stock": "삼성전자"},
    "account_buyable": {"stock": "삼성전자"},
    "account_sellable": {"stock": "삼성전자"},
    "quote_price": {"stock": "삼성전자"},
    "quote_prices": {"stock_codes": ["005930", "000660"]},
    "quote_orderbook": {"stock": "005930"},
    "quote_candles": {"stock": "삼성전자", "interval": "1d", "count": 5},
    "quote_index": {"index": "KOSPI"},
    "quote_investors": {"stock": "삼성전자"},
    "market_ranking": {"ranking": "volume"},
    # Far enough below the price of the demo that it waits, and can be cancelled.
    "order_preview": {"stock_code": "005930", "side": "buy", "quantity": 1, "price": 60000},
    "kis_search": {"query": "공매도 상위 종목"},
    "kis_describe": {"operation": "domestic-stock-ranking-short-sale"},
    "kis_call": {"operation": "FHKST01010100", "params": PRICE},
}

# The demo is a paper account.
PAPER_LACKS = {"account_profits", "market_ranking"}


async def main(kisctl: str, socket: str) -> None:
    bridge = StdioServerParameters(command=kisctl, args=["--socket", socket, "mcp"])
    async with stdio_client(bridge) as streams, ClientSession(*streams) as session:
        await session.initialize()
        # In this order: an order is placed by its preview, and followed by its id.
        for tool in (await session.list_tools()).tools:
            # The SDK checks the structured content against the output schema.
            answer = (await session.call_tool(tool.name, ARGUMENTS.get(tool.name, {}))).model_dump(by_alias=True)
            assert answer["isError"] == (tool.name in PAPER_LACKS), answer
            if answer["isError"]:
                continue
            assert answer["structuredContent"] or tool.name == "kis_call", answer
            if tool.name == "order_preview":
                ARGUMENTS["order_place"] = {"preview_id": answer["structuredContent"]["preview_id"]}
            if tool.name == "order_place":
                order = {"order_id": answer["structuredContent"]["order_id"]}
                ARGUMENTS["order_cancel"] = ARGUMENTS["order_get"] = order
            print(tool.name, "->", answer["content"][0]["text"].splitlines()[0][:60])
        for resource in (await session.list_resources()).resources:
            answer = await session.read_resource(resource.uri)
            print(resource.uri, "->", sorted(json.loads(answer.contents[0].text))[:3])


asyncio.run(main(*sys.argv[1:]))
