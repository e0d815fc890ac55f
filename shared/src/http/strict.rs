//! JSON as it is written, where serde is lenient: it reads a struct from an array too, by position, and
//! a map may name a field twice.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, Map, Number, Value};

/// A value that reads a struct from an object only, however deep it lies.
pub struct Strict(pub Value);

impl<'de> Deserializer<'de> for Strict {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Strict));
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Value::Object(fields) => visitor.visit_map(map(fields)),
            Value::Number(number) => match whole(&number) {
                Some(whole) => visitor.visit_i64(whole),
                None => Value::Number(number).deserialize_any(visitor),
            },
            value => value.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(Strict(value)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    /// A map, or the fields of an enum's variant.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(fields) if fields.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(map(fields)))
            }
            value => value.deserialize_enum(name, variants, visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Strict {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Up to where a float is exact: 2⁵³.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number that is written with a fraction: to JSON Schema `7.0` is an integer.
fn whole(number: &Number) -> Option<i64> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    let is_whole = float.fract() == 0.0 && float.abs() <= EXACT;
    is_whole.then_some(float as i64)
}

type Fields = std::iter::Map<serde_json::map::IntoIter, fn((String, Value)) -> (String, Strict)>;

fn map<'de>(fields: Map<String, Value>) -> MapDeserializer<'de, Fields, Error> {
    MapDeserializer::new(
        fields
            .into_iter()
            .map(|(name, value)| (name, Strict(value))),
    )
}

/// A value without an object that names a field twice.
pub struct Distinct(pub Value);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DistinctVisitor).map(Self)
    }
}

struct DistinctVisitor;

impl<'de> Visitor<'de> for DistinctVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Distinct(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if values.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            let Distinct(value) = fields.next_value()?;
            values.insert(name, value);
        }
        Ok(values.into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Point {
        x: i32,
        y: Option<f64>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Nothing,
        Circle { centre: Point, radius: u8 },
        Line(Point, Point),
        Named(Name),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Name(String);

    #[derive(Debug, PartialEq, Deserialize)]
    struct Drawing {
        shapes: Vec<Shape>,
        #[serde(default)]
        marks: BTreeMap<String, Point>,
        #[serde(default)]
        corner: Option<(u8, Point)>,
    }

    fn read(value: Value) -> Result<Drawing, Error> {
        Drawing::deserialize(Strict(value))
    }

    #[test]
    fn what_is_written_as_its_type_is_reads_as_ever() {
        let whole = json!({
            "shapes": [
                "nothing",
                {"circle": {"centre": {"x": -1, "y": 2}, "radius": 255}},
                {"line": [{"x": 0}, {"x": 1, "y": null}]},
                {"named": "花"},
            ],
            "marks": {"a": {"x": 1, "y": 0.5}},
            "corner": [7, {"x": 7}],
        });
        assert_eq!(read(whole.clone()).ok(), serde_json::from_value(whole).ok());
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_fraction() {
        let radius = |radius: &str| {
            let text = format!(r#"{{"centre": {{"x": -1.0, "y": 2.0}}, "radius": {radius}}}"#);
            let circle: Value = serde_json::from_str(&text)?;
            read(json!({"shapes": [{"circle": circle}]}))
        };
        let circle = |radius| Shape::Circle {
            centre: Point {
                x: -1,
                y: Some(2.0),
            },
            radius,
        };
        for (text, number) in [("7.0", 7), ("0.0", 0), ("-0.0", 0), ("2.5e1", 25)] {
            let shapes = radius(text).ok().map(|drawing| drawing.shapes);
            assert_eq!(shapes, Some(vec![circle(number)]), "{text}");
        }
        for wrong in ["7.5", "256.0", "-1.0", "1e300", "9007199254740994.0"] {
            assert!(radius(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_array_is_no_object_however_deep() {
        for wrong in [
            json!([[]]),
            json!({"shapes": [{"circle": {"centre": [0, 1.0], "radius": 1}}]}),
            json!({"shapes": [{"line": [[0, 1.0], {"x": 1}]}]}),
            json!({"shapes": [], "marks": {"a": [1, 0.5]}}),
            json!({"shapes": [], "corner": [7, [7, null]]}),
        ] {
            assert!(
                serde_json::from_value::<Drawing>(wrong.clone()).is_ok(),
                "serde is lenient: {wrong}"
            );
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(read(json!({"shapes": [{"circle": [{"x": 0}, 1]}]})).is_err());
    }

    #[test]
    fn a_field_is_named_once_however_deep() {
        let read = |text| serde_json::from_str::<Distinct>(text).map(|Distinct(value)| value);
        let text = r#"{"a": [{"b": 1, "c": [null, true, -1, 0.5, "x"]}, {"b": 2}]}"#;
        assert_eq!(read(text).ok(), serde_json::from_str(text).ok());
        for twice in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": {"b": 1, "b": 2}}"#,
            r#"[[{"b": 1, "c": 0, "b": 2}]]"#,
        ] {
            assert!(read(twice).is_err(), "{twice}");
        }
    }
}
