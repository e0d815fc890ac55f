//! Nested stacks: what the reader makes of them, and what it refuses.

use super::*;

/// A parent that hands something down and takes something back.
const PARENT: &str = r#"
Parameters:
  Rate: {Type: String, Default: 10/1h}
  Origins: {Type: CommaDelimitedList, Default: "http://a.test"}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionBody:
        paths:
          /wares:
            get:
              responses: {}
              x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, payloadFormatVersion: "2.0", credentials: x, uri: !Sub "/functions/${Shop.Outputs.ShopWaresArn}/invocations"}
  Shop:
    Type: AWS::Serverless::Application
    Properties:
      Location: shop/template.yaml
      Parameters:
        StackName: !Ref AWS::StackName
        Pace: !Ref Rate
        Bus: !Ref Bus
        People: !GetAtt People.Arn
        Alarms: !Ref Alarms
  Relay:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/relay/
      Events:
        Shop:
          Type: DynamoDB
          Properties: {Stream: !GetAtt Shop.Outputs.TableStreamArn, StartingPosition: TRIM_HORIZON}
  Bus: {Type: AWS::Events::EventBus}
  People:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
  Alarms: {Type: AWS::SNS::Topic}
"#;

const SHOP: &str = r#"
Parameters:
  StackName: {Type: String}
  Pace: {Type: String}
  Bus: {Type: String}
  People: {Type: String}
  Alarms: {Type: String}
Globals:
  Function: {Environment: {Variables: {STACK: !Ref StackName}}}
Resources:
  ShopWares:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../target/lambda/shop-wares/
      Environment: {Variables: {TABLE: !Ref ShopTable, PACE: !Ref Pace}}
      Policies: {Statement: {Effect: Allow, Action: dynamodb:GetItem, Resource: !Ref People}}
  ShopTold:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../target/lambda/shop-told/
      Events:
        Told: {Type: EventBridgeRule, Properties: {EventBusName: !Ref Bus, Pattern: {source: [a]}}}
  ShopTable:
    Type: AWS::DynamoDB::Table
    Properties:
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmActions: [!Ref Alarms]}}
Outputs:
  ShopWaresArn: {Value: !GetAtt ShopWares.Arn}
  TableStreamArn: {Value: !GetAtt ShopTable.StreamArn}
  Names: {Value: !Join [",", [a, b]]}
"#;

const FILE: &str = "shop/template.yaml";

fn load(parent: &str, shop: &str) -> Result<System, TemplateError> {
    let files = |file: &str| match file {
        FILE => Ok(shop.to_owned()),
        other => Err(format!("{other} cannot be read")),
    };
    super::super::load(parent, &files, &BTreeMap::new())
}

#[test]
fn a_nested_stack_is_a_part_of_the_system() {
    let system = load(PARENT, SHOP).unwrap();
    let names = system.functions.iter().map(|f| (&*f.logical_id, &*f.file));
    let expected = [("ShopWares", FILE), ("ShopTold", FILE), ("Relay", TEMPLATE)];
    assert_eq!(names.collect::<Vec<_>>(), expected);
    let [wares, told, relay] = system.functions.as_slice() else {
        panic!()
    };
    assert_eq!(
        wares.environment,
        given(&[("STACK", STACK), ("TABLE", "ShopTable"), ("PACE", "10/1h")])
    );
    assert_eq!(wares.given, given(&[("PACE", "Rate")]));
    let people = &system.tables[1];
    assert_eq!(people.logical_id, "People");
    assert!(wares.allows("dynamodb:GetItem", &people.arn));
    assert_eq!(told.rules[0].bus, "Bus");
    assert_eq!(relay.mappings[0].table, "ShopTable");
    assert_eq!(system.routes[0].function, "ShopWares");
    assert_eq!(system.nested, given(&[(FILE, "Shop")]));
    assert_eq!(system.parameters.len(), 2);
}

/// Loads both with `old` replaced by `new`, expecting an error at the line that holds `at`.
fn refused(old: &str, new: &str, at: &str) -> String {
    let replaced = [PARENT, SHOP].map(|text| text.replacen(old, new, 1));
    assert_ne!(replaced, [PARENT, SHOP], "`{old}` must stand somewhere");
    let error = load(&replaced[0], &replaced[1]).expect_err("must be refused");
    let file = error.file.as_deref().unwrap();
    let text = &replaced[usize::from(file == FILE)];
    let line = text.lines().position(|line| line.contains(at));
    assert_eq!(error.line, line.unwrap() + 1, "{error}");
    assert_eq!(
        error.to_string(),
        format!("{file}:{}: {}", error.line, error.sentence)
    );
    error.sentence
}

#[test]
fn a_nested_stack_is_a_file_with_parameters_and_nothing_else() {
    assert_eq!(
        refused("Location: shop/", "Location: shops/", "Location:"),
        "nested stack `Shop`: shops/template.yaml cannot be read."
    );
    assert_eq!(
        refused(
            "Location: shop/template.yaml",
            "Location: {ApplicationId: a}",
            "Location:"
        ),
        "nested stack `Shop`: `Location` must be a file's path."
    );
    assert_eq!(
        refused(
            "      Location:",
            "      Tags: {a: b}\n      Location:",
            "Tags:"
        ),
        "nested stack `Shop`: `Tags` is not read here."
    );
    for kind in ["AWS::Serverless::Application", "AWS::Serverless::HttpApi"] {
        let inner = format!("Resources:\n  Inner: {{Type: {kind}}}\n  ShopWares:\n    Type");
        assert_eq!(
            refused("Resources:\n  ShopWares:\n    Type", &inner, "  Inner:"),
            "`Inner`: a nested stack has no API and no stack of its own here."
        );
    }
}

#[test]
fn a_parameter_is_passed_and_known() {
    assert_eq!(
        refused("        Pace: !Ref Rate\n", "", "  Pace: {"),
        "parameter `Pace` has no default and was not given."
    );
    assert_eq!(
        refused("  Pace: {Type: String}\n", "", "  StackName: {"),
        "`Pace` was given but is no parameter."
    );
    assert_eq!(
        refused("Pace: !Ref Rate", "Pace: !Ref Origins", "Pace: !Ref"),
        "parameter `Pace` of `Shop`: a list cannot be passed."
    );
    assert_eq!(
        refused("Pace: !Ref Rate", "Pace: !If [A, b, c]", "Pace: !If"),
        "parameter `Pace` of `Shop`: `!If` is not read here."
    );
    assert_eq!(
        refused("Pace: {Type: String}", "Pace: {Type: Number}", "  Pace: {"),
        "the parameter Pace cannot be `10/1h`."
    );
}

#[test]
fn what_crosses_the_border_is_passed_or_an_output() {
    assert_eq!(
        refused("PACE: !Ref Pace", "PACE: !Ref Rate", "PACE:"),
        "`Rate` is neither a parameter nor a resource of this template."
    );
    assert_eq!(
        refused("PACE: !Ref Pace", "PACE: !Ref AWS::StackName", "PACE:"),
        "`AWS::StackName` is neither a parameter nor a resource of this template."
    );
    assert_eq!(
        refused("PACE: !Ref Pace", "PACE: !Ref Alarms", "PACE:"),
        "`Alarms`: AWS::SNS::Topic `Alarms` is not read here."
    );
    assert_eq!(
        refused(
            "Shop.Outputs.TableStreamArn",
            "Shop.Outputs.StreamArn",
            "Stream:"
        ),
        "`Shop.Outputs.StreamArn`: `Shop` has no such attribute here."
    );
    assert_eq!(
        refused(
            "Shop.Outputs.TableStreamArn",
            "Shop.Outputs.Names",
            "Names:"
        ),
        "output `Names`: `!Join` is not read here."
    );
    // What waits for the stack cannot be what the stack waits for.
    assert_eq!(
        refused(
            "Pace: !Ref Rate",
            "Pace: !GetAtt Shop.Outputs.ShopWaresArn",
            "Pace: !Get"
        ),
        "`Shop` is neither a parameter nor a resource of this template."
    );
}

#[test]
fn a_binary_lies_where_it_does_from_the_templates_folder_and_its_function_is_called_once() {
    assert_eq!(
        refused(
            "../target/lambda/shop-wares/",
            "target/lambda/shop-wares/",
            "CodeUri:"
        ),
        "function `ShopWares`: `CodeUri` must be `../target/lambda/<binary>/`."
    );
    assert_eq!(
        refused("  Relay:\n", "  ShopTold:\n", "  ShopTold:"),
        "`ShopTold` stands in another template too."
    );
    assert!(
        refused("lambda/shop-told/", "lambda/shop-wares/", "  ShopTold:")
            .contains("has the binary of `ShopWares`")
    );
}
