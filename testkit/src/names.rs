//! Word lists that invented people are made of: family and given names, districts, streets.

/// Chinese family names with pinyin.
pub(crate) const ZH_FAMILY: &[(&str, &str)] = &[
    ("王", "wang"),
    ("李", "li"),
    ("张", "zhang"),
    ("刘", "liu"),
    ("陈", "chen"),
    ("杨", "yang"),
    ("赵", "zhao"),
    ("黄", "huang"),
    ("周", "zhou"),
    ("吴", "wu"),
    ("徐", "xu"),
    ("孙", "sun"),
    ("胡", "hu"),
    ("朱", "zhu"),
    ("高", "gao"),
    ("林", "lin"),
    ("何", "he"),
    ("郭", "guo"),
    ("马", "ma"),
    ("罗", "luo"),
    ("梁", "liang"),
    ("宋", "song"),
    ("郑", "zheng"),
    ("谢", "xie"),
    ("韩", "han"),
    ("唐", "tang"),
    ("冯", "feng"),
    ("于", "yu"),
    ("董", "dong"),
    ("萧", "xiao"),
    ("欧阳", "ouyang"),
    ("司马", "sima"),
];

/// Chinese given names with pinyin.
pub(crate) const ZH_GIVEN: &[(&str, &str)] = &[
    ("伟", "wei"),
    ("芳", "fang"),
    ("娜", "na"),
    ("敏", "min"),
    ("静", "jing"),
    ("磊", "lei"),
    ("强", "qiang"),
    ("洋", "yang"),
    ("艳", "yan"),
    ("勇", "yong"),
    ("杰", "jie"),
    ("涛", "tao"),
    ("明", "ming"),
    ("超", "chao"),
    ("秀兰", "xiulan"),
    ("桂英", "guiying"),
    ("建国", "jianguo"),
    ("志强", "zhiqiang"),
    ("晓燕", "xiaoyan"),
    ("雨桐", "yutong"),
    ("子轩", "zixuan"),
    ("梓涵", "zihan"),
    ("浩然", "haoran"),
    ("思远", "siyuan"),
    ("嘉怡", "jiayi"),
    ("文博", "wenbo"),
    ("丽华", "lihua"),
    ("春梅", "chunmei"),
    ("国栋", "guodong"),
    ("海燕", "haiyan"),
    ("俊杰", "junjie"),
    ("欣怡", "xinyi"),
];

/// English given names.
pub(crate) const EN_GIVEN: &[&str] = &[
    "Amelia", "Oliver", "Grace", "Henry", "Nora", "Samuel", "Clara", "Daniel", "Eleanor", "Patrick", "Ruth",
    "Martin", "Alice", "George", "Helen", "Walter", "Irene", "Victor", "Julia", "Stanley", "Phoebe", "Edwin",
];

/// English family names.
pub(crate) const EN_FAMILY: &[&str] = &[
    "Ashworth",
    "Bradley",
    "Calloway",
    "Denham",
    "Ellison",
    "Fairbanks",
    "Garrett",
    "Holloway",
    "Ingram",
    "Jennings",
    "Kirkland",
    "Langford",
    "Merritt",
    "Norwood",
    "Osborne",
    "Prescott",
    "Quincy",
    "Radcliffe",
    "Sinclair",
    "Thornton",
    "Underwood",
    "Whitaker",
];

/// A district: code of GB/T 2260, province or municipality with city, district, a street of it.
pub(crate) struct District {
    /// Six digits.
    pub(crate) code: &'static str,
    /// `北京市`, `广东省深圳市`.
    pub(crate) city: &'static str,
    /// `东城区`.
    pub(crate) name: &'static str,
    /// `建国门内大街`.
    pub(crate) street: &'static str,
}

const fn district(
    code: &'static str,
    city: &'static str,
    name: &'static str,
    street: &'static str,
) -> District {
    District { code, city, name, street }
}

/// Districts that exist, so that region checks accept the numbers.
pub(crate) const DISTRICTS: &[District] = &[
    district("110101", "北京市", "东城区", "建国门内大街"),
    district("110105", "北京市", "朝阳区", "建国路"),
    district("310104", "上海市", "徐汇区", "漕溪北路"),
    district("310115", "上海市", "浦东新区", "世纪大道"),
    district("440106", "广东省广州市", "天河区", "体育东路"),
    district("440305", "广东省深圳市", "南山区", "科技园路"),
    district("330106", "浙江省杭州市", "西湖区", "文三路"),
    district("320102", "江苏省南京市", "玄武区", "中山路"),
    district("510104", "四川省成都市", "锦江区", "红星路"),
    district("420106", "湖北省武汉市", "武昌区", "中南路"),
    district("500103", "重庆市", "渝中区", "民权路"),
    district("610113", "陕西省西安市", "雁塔区", "小寨东路"),
    district("370202", "山东省青岛市", "市南区", "香港中路"),
    district("350203", "福建省厦门市", "思明区", "湖滨南路"),
    district("430104", "湖南省长沙市", "岳麓区", "麓山路"),
    district("120101", "天津市", "和平区", "南京路"),
    district("210102", "辽宁省沈阳市", "和平区", "太原街"),
    district("230102", "黑龙江省哈尔滨市", "道里区", "中央大街"),
    district("340104", "安徽省合肥市", "蜀山区", "长江西路"),
    district("530102", "云南省昆明市", "五华区", "人民中路"),
];

/// English streets.
pub(crate) const EN_STREETS: &[(&str, &str)] = &[
    ("Maple Street", "Springfield, IL 62704"),
    ("Harbour Road", "Portsmouth PO1 3AX"),
    ("Orchard Lane", "Madison, WI 53703"),
    ("Kingsway", "London WC2B 6XF"),
    ("Lakeview Drive", "Seattle, WA 98109"),
    ("Castle Terrace", "Edinburgh EH1 2EL"),
];
