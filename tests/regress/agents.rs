//! Agents and the simulator that bots are pointed at.

use kisd::simulator::{Portfolio, Position};
use serde_json::{Value, json};

use super::support::{
    World,
    agent::{Agent, text},
};

/// Everything in a schema that says what a value is.
fn schemas<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("type") || members.contains_key("$ref") || members.contains_key("anyOf") {
                found.push(schema);
            }
            members.values().for_each(|value| schemas(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| schemas(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn what_a_tool_takes_is_said_in_the_plain_subset_of_json_schema() {
    // Gemini and ADK refuse the whole server for one `"type": ["integer", "null"]`, and for keywords that they do not know.
    const KNOWN: [&str; 7] = ["type", "title", "description", "properties", "required", "items", "enum"];
    let world = World::new().await;
    let mut agent = Agent::start(&world.path("kisd.sock")).await;
    let listed = agent.ask("tools/list", json!({})).await["result"]["tools"].clone();
    let mut told = 0;
    for tool in listed.as_array().unwrap() {
        let input = &tool["inputSchema"];
        assert!(input["type"] == "object" && input["properties"].is_object(), "{tool}");
        let mut parts = Vec::new();
        schemas(input, &mut parts);
        for part in parts {
            told += 1;
            assert!(part["type"].is_string(), "one type: {part}");
            assert!(part["type"] != "object" || part.get("properties").is_some(), "no free object: {part}");
            for keyword in part.as_object().unwrap().keys() {
                assert!(KNOWN.contains(&keyword.as_str()), "{keyword} in {part}");
            }
        }
    }
    assert_eq!(listed[0]["inputSchema"]["properties"]["max_age_ms"]["type"], "integer");
    assert!(told >= listed.as_array().unwrap().len() + 3);
}

#[tokio::test]
async fn an_integer_is_one_by_value_for_a_tool_and_for_a_method() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let mut agent = Agent::start(&daemon.socket).await;
    for written in ["5000.0", "5e3", "5000", "null"] {
        let params: Value = serde_json::from_str(&format!("{{\"max_age_ms\":{written}}}")).unwrap();
        assert_eq!(agent.tool("account_balance", params).await["isError"], false, "{written}");
        let mut client = daemon.client().await;
        client
            .send(&format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{{"max_age_ms":{written}}}}}"#
            ))
            .await;
        assert!(client.receive().await.unwrap().get("result").is_some(), "{written}");
    }
    for wrong in [json!(5.5), json!(-1), json!("5"), json!(1e20)] {
        let refused = agent.tool("account_balance", json!({ "max_age_ms": wrong })).await;
        assert!(refused["isError"] == true && text(&refused).contains("integer"), "{refused}");
        let refused = daemon.error("account.balance", json!({ "max_age_ms": wrong })).await;
        assert_eq!(refused["code"], -32602, "{refused}");
    }
    let mut subscriber = daemon.client().await;
    let number = subscriber.call("account.subscribeBalance", json!({ "interval_ms": 5e3 })).await["result"].clone();
    subscriber.receive().await.unwrap();
    let number = json!(number.as_f64().unwrap());
    let ended = subscriber.call("account.unsubscribeBalance", json!({ "subscription": number })).await;
    assert_eq!(ended["result"], true, "{ended}");
}

#[tokio::test]
async fn three_hundred_holdings_come_in_bounded_pieces_with_the_totals_in_each() {
    let world = World::new().await;
    let mut portfolio = Portfolio::of_size(300);
    portfolio.positions[0].name = "이름".repeat(10_000);
    world.simulator.set_portfolio(portfolio);
    let daemon = world.daemon("kisd").await;
    let balance = world.while_time_passes(daemon.balance()).await;
    let mut agent = Agent::start(&daemon.socket).await;
    let (mut codes, mut offset) = (Vec::new(), json!(0));
    while !offset.is_null() {
        let result = agent.tool("account_balance", json!({ "offset": offset, "max_age_ms": 3_600_000 })).await;
        let page = &result["structuredContent"];
        assert!(result.to_string().len() < 40_000, "{} bytes", result.to_string().len());
        assert_eq!(
            (&page["total_evaluation"], &page["as_of"], &page["holdings_count"], &page["holdings_offset"]),
            (&balance["total_evaluation"], &balance["as_of"], &json!(300), &offset)
        );
        assert!(text(&result).contains(&balance["total_evaluation"].to_string()));
        let rows = page["holdings"].as_array().unwrap();
        codes.extend(rows.iter().map(|row| row["stock_code"].clone()));
        offset = page["next_offset"].clone();
        let how = format!("account_balance again with offset {offset}");
        assert_eq!(text(&result).contains(&how), !offset.is_null(), "{}", text(&result));
        assert_eq!(text(&result).contains("kisd://account/balance"), !offset.is_null());
    }
    let all: Vec<Value> = balance["holdings"].as_array().unwrap().iter().map(|row| row["stock_code"].clone()).collect();
    assert_eq!(codes, all);
    for (asked, rows) in [
        (json!({ "limit": 0 }), 0),
        (json!({ "limit": 3, "offset": 299 }), 1),
        (json!({ "limit": 300 }), 100),
        (json!({ "offset": 300 }), 0),
    ] {
        let result = agent.tool("account_balance", asked.clone()).await;
        let page = &result["structuredContent"];
        assert_eq!(page["holdings"].as_array().unwrap().len(), rows, "{asked}");
        assert_eq!(page["holdings_count"], 300);
        assert!(result.to_string().len() < 80_000, "{} bytes", result.to_string().len());
    }
}

#[tokio::test]
async fn what_nobody_sees_reaches_no_model_in_any_form() {
    let world = World::new().await;
    let hidden = "\u{202e}\u{2066}\u{e0041}\u{e007f}\u{200b}\u{feff}\u{e0100}\u{3164}\u{7}\u{85}";
    let odd = Position::cash("005930", &format!("삼성{hidden}전자"), 3, 70_000, 75_000);
    world.simulator.set_portfolio(Portfolio { positions: vec![odd], ..Portfolio::demo() });
    let daemon = world.daemon("kisd").await;
    let balance = daemon.balance().await;
    assert!(balance["holdings"][0]["stock_name"].as_str().unwrap().contains('\u{e0041}'));
    let mut agent = Agent::start(&daemon.socket).await;
    let result = agent.tool("account_balance", json!({ "max_age_ms": 60_000 })).await;
    let resource = agent.ask("resources/read", json!({ "uri": "kisd://account/balance" })).await["result"].clone();
    assert_eq!(result["structuredContent"]["holdings"][0]["stock_name"], "삼성 전자");
    let read: Value = serde_json::from_str(resource["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(read["holdings"][0]["stock_name"], "삼성 전자");
    assert_eq!(read["total_evaluation"], balance["total_evaluation"]);
    for hidden in hidden.chars() {
        assert!(!result.to_string().contains(hidden) && !resource.to_string().contains(hidden), "{hidden:?}");
    }
}
