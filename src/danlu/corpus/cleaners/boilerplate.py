"""Lines that belong to a page and not to its text: menus, cookie notices, copyright, share buttons, in both languages.

A line goes only when it is nothing else: a short phrase of the list alone, or a notice with its own wording. A sentence
that speaks of cookies or copyright stays.
"""

import re

from danlu.corpus.cleaners.cleaner import Cleaned

LONGEST = 200  # characters of a line that may be boilerplate; longer ones are text

_ALONE = (
    "home|menu|log ?in|sign ?in|sign ?up|register|log ?out|tweet|next|previous|prev|back to top|"
    "skip to (?:main )?content|skip to navigation|read more|read more\\.\\.\\.|continue reading|load more|view more|"
    "contact us|about us|privacy policy|terms of (?:use|service)|cookie policy|site ?map|rss|subscribe|advertisement|"
    "leave a (?:comment|reply)|share (?:this|on (?:facebook|twitter|linkedin))|accept (?:all )?cookies|"
    "首页|返回首页|网站首页|上一页|下一页|上一篇|下一篇|返回顶部|回到顶部|返回列表|登录|注册|登录注册|立即登录|免费注册|分享到|"
    "收藏本站|设为首页|加入收藏|打印本页|关闭窗口|联系我们|关于我们|网站地图|友情链接|更多|查看更多|阅读更多|"
    "点击查看更多|展开全文|阅读全文|加载更多|扫一扫|免责声明|隐私政策|用户协议|服务条款|"
    "首頁|上一頁|下一頁|登入|註冊|聯絡我們|關於我們|網站地圖|友情連結|閱讀更多|隱私權政策|服務條款|回到頂端"
)
_NOTICES = (
    r"(?:we|this (?:web)?site|our (?:web)?site) uses? cookies\b.*"
    r"|(?:please )?(?:enable|turn on) javascript\b.*|javascript is (?:disabled|not enabled|required)\b.*"
    r"|(?:copyright )?(?:©|\(c\)) ?(?:copyright )?(?:19|20)\d\d\b.*|copyright (?:19|20)\d\d\b.*|.{0,60}all rights reserved\.?"
    r"|.{0,40}(?:版权所有|版權所有)[^。！？]{0,80}|[^。！？]{0,40}[京沪粤浙苏川鲁闽]ICP[备证].{0,40}"
    r"|(?:请|請)(?:开启|启用|開啟|啟用) ?javascript.*|本(?:网站|站)使用 ?cookies?.*|(?:您的)?浏览器(?:不支持|禁用了?) ?javascript.*"
)
_EDGE = r"[\s|>»«<·•*\-\[\]【】›‹→←↑]*"
_LINE = re.compile(rf"(?i:{_EDGE}(?:(?:{_ALONE})(?:\s*[|>»·•/]\s*|{_EDGE}$))+|\s*(?:{_NOTICES}))")
# Words of which each boilerplate line has one, so that most texts are never cut into lines.
_HINT = re.compile(
    rf"(?im:^{_EDGE}(?:{_ALONE})\s*(?:[|>»«<·•*\-\[\]【】›‹→←↑/]|$)|cookie|javascript|copyright|©|\(c\)|rights reserved|"
    r"版权所有|版權所有|ICP[备证])"
)


def take_out(text: str) -> Cleaned:
    """`text` without its lines of boilerplate; `num_changes` counts them."""
    if not _HINT.search(text):
        return Cleaned(text=text, num_changes=0)
    lines = text.split("\n")
    kept = [line for line in lines if not is_boilerplate(line)]
    return Cleaned(text="\n".join(kept), num_changes=len(lines) - len(kept))


def is_boilerplate(line: str) -> bool:
    """Whether a line is nothing but what belongs to a page."""
    return 0 < len(line) <= LONGEST and _LINE.fullmatch(line) is not None
