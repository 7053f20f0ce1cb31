//! The one function that DataFusion lacks without its nested expressions: does a list contain a value.
//! Used in filters on data types, value hashes and rules.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray as _, BooleanArray, BooleanBufferBuilder, ListArray,
};
use datafusion::arrow::compute::kernels::cmp;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::{col, lit};

static CONTAINS: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ScalarUDF::from(Contains::new())));

/// True for rows whose list column contains the value; lists and values are never null here.
pub(crate) fn contains(column: &str, value: impl datafusion::logical_expr::Literal) -> Expr {
    CONTAINS.call(vec![col(column), lit(value)])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Contains {
    signature: Signature,
}

impl Contains {
    fn new() -> Self {
        Self { signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Contains {
    fn name(&self) -> &str {
        "list_contains"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [ColumnarValue::Array(lists), ColumnarValue::Scalar(value)] = args.args.as_slice() else {
            return exec_err!("list_contains wants a column and a literal");
        };
        let Some(lists) = lists.as_list_opt::<i32>() else {
            return exec_err!("list_contains wants a list, not {}", lists.data_type());
        };
        // Only the items that this slice of the column refers to are compared, all at once.
        let (start, end) = bounds(lists);
        let items = lists.values().slice(start, end - start);
        let equal = cmp::eq(&items, &value.to_scalar()?)?;
        Ok(ColumnarValue::Array(any_in_list(lists, &equal, start)))
    }
}

fn bounds(lists: &ListArray) -> (usize, usize) {
    let offsets = lists.value_offsets();
    let at = |offset: Option<&i32>| offset.map_or(0, |offset| *offset as usize);
    (at(offsets.first()), at(offsets.last()))
}

fn any_in_list(lists: &ListArray, equal: &BooleanArray, start: usize) -> ArrayRef {
    let mut found = BooleanBufferBuilder::new(lists.len());
    found.append_n(lists.len(), false);
    let offsets = lists.value_offsets();
    let mut row = 0;
    for hit in equal.values().set_indices() {
        while (offsets[row + 1] as usize) <= hit + start {
            row += 1;
        }
        found.set_bit(row, true);
    }
    Arc::new(BooleanArray::new(found.finish(), None))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{ListBuilder, UInt64Builder};

    use super::*;

    #[track_caller]
    fn check(lists: &[&[u64]], value: u64, expect: &[bool]) {
        let mut builder = ListBuilder::new(UInt64Builder::new());
        for list in lists {
            builder.values().append_slice(list);
            builder.append(true);
        }
        // A slice, so that offsets do not start at 0.
        builder.values().append_value(value);
        builder.append(true);
        let all = builder.finish();
        let lists = all.slice(0, lists.len());
        let (start, end) = bounds(&lists);
        let items = lists.values().slice(start, end - start);
        let wanted = datafusion::arrow::array::UInt64Array::new_scalar(value);
        let equal = cmp::eq(&items, &wanted).expect("same type");
        let found = any_in_list(&lists, &equal, start);
        assert_eq!(found.as_boolean().iter().flatten().collect::<Vec<_>>(), expect);
        let tail = all.slice(lists.len().min(1), all.len() - lists.len().min(1));
        let (start, end) = bounds(&tail);
        let equal = cmp::eq(&tail.values().slice(start, end - start), &wanted).expect("same type");
        let found = any_in_list(&tail, &equal, start);
        assert_eq!(found.as_boolean().iter().flatten().last(), Some(true));
    }

    #[test]
    fn empty_lists_and_repeats() {
        check(&[&[1, 2], &[], &[3, 2, 2], &[4]], 2, &[true, false, true, false]);
        check(&[&[], &[], &[9]], 9, &[false, false, true]);
        check(&[], 1, &[]);
        check(&[&[7]], 1, &[false]);
    }
}
