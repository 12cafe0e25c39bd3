# ruff: noqa: E501  a line holds three languages
"""The words of a report in three languages, whatever language the console is in."""

from typing import Final, Literal

Language = Literal["zh-CN", "zh-TW", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "zh-TW", "en")

# key | English | Simplified Chinese | Traditional Chinese as written in Taiwan
_TABLE = """
report | Service level report | 服务级别报告 | 服務水準報告
sealed | sealed | 已封存 | 已封存
not_sealed | as it stands, not sealed | 当前数据,未封存 | 目前數據,未封存
running | the month is still running | 本月尚未结束 | 本月尚未結束
customer | Customer | 客户 | 客戶
contract | Contract | 合同 | 合約
version | Contract version | 合同版本 | 合約版本
period | Period | 报告期 | 報告期間
timezone | Time zone | 时区 | 時區
as_of | Figures as of | 数据截至 | 數據截至
signed_customer | For the customer | 客户签字 | 客戶簽章
signed_us | For the service provider | 服务方签字 | 服務方簽章
name_date | Name, signature, date | 姓名、签字、日期 | 姓名、簽章、日期
page | Page | 第 | 第
glance | At a glance | 一览 | 一覽
promises | Promises by severity and region | 服务承诺达成(按级别和区域) | 服務承諾達成(依等級與區域)
hotline | Hotline | 热线 | 熱線
hotline_queues | Hotline by queue | 热线(按队列) | 熱線(依佇列)
half_hours | Hotline by half-hour | 热线(按半小时) | 熱線(依半小時)
on_site | Arrivals on site by region | 到场情况(按区域) | 到場情況(依區域)
breaches | Breaches | 违约明细 | 違約明細
effort | Effort per fault | 每个故障的投入 | 每件故障的投入
laborious | Faults that took several calls | 多次来电的故障 | 多次來電的故障
spoken | Spoken promises | 口头承诺 | 口頭承諾
spoken_broken | Spoken promises not kept in time | 未按时兑现的口头承诺 | 未如期兌現的口頭承諾
exemptions | Exemptions | 免责剔除 | 免責排除
pauses | Pauses by reason | 暂停计时(按原因) | 暫停計時(依原因)
pauses_near | Pauses set within 30 minutes of a deadline | 截止前30分钟内设置的暂停 | 截止前30分鐘內設定的暫停
late | Entries logged late | 补录的记录 | 補登的紀錄
follow_ups | Follow-up calls and satisfaction | 回访与满意度 | 回訪與滿意度
complaints | Complaints | 投诉 | 客訴
units | Inspections and loaners | 巡检与代用设备 | 巡檢與代用機
repeats | Repeat faults and first-time fix | 重复故障与一次修复 | 重複故障與一次修復
repeated_assets | Units with repeat faults within 30 days | 30天内重复故障的设备 | 30天內重複故障的設備
trend | Twelve months | 十二个月趋势 | 十二個月趨勢
credits | Credits | 违约扣款 | 違約扣款
credit_sums | Credits, total and cap | 违约扣款合计与上限 | 違約扣款合計與上限
forecast | Forecast | 预测 | 預測
evidence | Evaluation form | 评价证据清单 | 評價證據清單
note | Data note | 数据说明 | 數據說明
commitment | Commitment | 服务承诺 | 服務承諾
severity | Severity | 故障级别 | 故障等級
region | Region | 区域 | 區域
target | Target % | 目标 % | 目標 %
due | Due | 到期 | 到期
met | Met | 按时 | 如期
breached | Breached | 违约 | 違約
exempt | Exempted | 剔除 | 排除
cancelled | Cancelled | 取消 | 取消
paused | Paused | 暂停 | 暫停
open | Open | 未结 | 未結
compliance | Compliance % | 达标率 % | 達標率 %
net | Net % | 剔除后 % | 排除後 %
verdict | Verdict | 结论 | 結論
green | met | 达标 | 達標
amber | met only after exemptions, or still reachable | 剔除后达标或仍可达标 | 排除後達標或仍可達標
red | missed | 未达标 | 未達標
no_target | no target | 无目标 | 無目標
no_case | no case | 无案例 | 無案件
total | Total | 合计 | 合計
none | None in this month. | 本月无。 | 本月無。
queue | Queue | 队列 | 佇列
half_hour | Half-hour | 半小时 | 半小時
offered | Offered | 呼入 | 進線
answered | Answered | 接通 | 接通
abandoned | Abandoned | 放弃 | 放棄
short | Short abandons | 短时放弃 | 短暫放棄
overflow | Overflow | 溢出 | 溢流
answer_rate | Answer rate % | 接通率 % | 接通率 %
service_level | Service level % | 服务水平 % | 服務水準 %
formula | Formula | 公式 | 公式
answer_within_s | Within (s) | 时限(秒) | 時限(秒)
short_abandon_s | Short abandon up to (s) | 短时放弃阈值(秒) | 短暫放棄門檻(秒)
wait_mean | Mean wait (s) | 平均等待(秒) | 平均等候(秒)
wait_p50 | Half wait at most (s) | 等待中位数(秒) | 等候中位數(秒)
wait_p90 | 90 % wait at most (s) | 90%等待不超过(秒) | 90%等候不超過(秒)
wait_longest | Longest wait (s) | 最长等待(秒) | 最長等候(秒)
abandon_mean | Mean wait of the abandoned (s) | 放弃前平均等待(秒) | 放棄前平均等候(秒)
handle_mean | Mean handle time (s) | 平均处理时长(秒) | 平均處理時間(秒)
figure | Figure | 指标 | 指標
value | Value | 数值 | 數值
outside | Calls that entered no queue | 未进入队列的来电 | 未進入佇列的來電
callers | Callers | 来电号码数 | 來電號碼數
repeat_callers | Callers who rang again | 重复来电号码数 | 重複來電號碼數
first_call | Solved with one call % | 一次来电解决率 % | 一次來電解決率 %
reconciled | Reconciliation | 核对 | 核對
arrivals | Arrivals | 到场次数 | 到場次數
mean | Mean | 平均 | 平均
longest | Longest | 最长 | 最長
ticket | Ticket | 工单 | 工單
ref | Reference | 外部编号 | 外部編號
title | Title | 标题 | 標題
clause | Clause | 条款 | 條款
cycle | Cycle | 轮次 | 輪次
promised | Promised | 承诺时限 | 承諾時限
reported_at | Reported | 报修时间 | 叫修時間
started_at | Started | 开始 | 開始
due_at | Due | 截止时间 | 截止時間
stopped_at | Done | 完成时间 | 完成時間
overdue_s | Over by | 超出 | 逾時
responsible | Responsible party | 责任方 | 責任方
cause | Cause | 原因 | 原因
credit | Credit | 扣款 | 扣款
currency | Currency | 币种 | 幣別
timeline | Timeline | 时间线 | 時間軸
us | service provider | 服务方 | 服務方
third_party | third party | 第三方 | 第三方
force_majeure | force majeure | 不可抗力 | 不可抗力
data_error | data error | 数据错误 | 資料錯誤
party_customer | customer | 客户 | 客戶
worst_shown | The worst {shown} of {total}; all of them are in the workbook. | 共{total}条,此处列出最严重的{shown}条,全部见工作簿。 | 共{total}筆,此處列出最嚴重的{shown}筆,全部見活頁簿。
faults | Faults with calls | 有来电的故障 | 有來電的故障
contacts | Calls | 来电次数 | 來電次數
contacts_a_fault | Calls per fault | 每个故障来电次数 | 每件故障來電次數
most_contacts | Most calls on one fault | 单个故障最多来电 | 單件故障最多來電
more_than_two | Faults with more than two calls | 来电超过两次的故障 | 來電超過兩次的故障
ring_to_human | Ring to human, mean (s) | 振铃到人工平均(秒) | 響鈴到真人平均(秒)
people | People | 涉及人员 | 涉及人員
made | Made | 作出 | 作出
kept | Kept in time | 按时兑现 | 如期兌現
kept_late | Kept late | 迟兑现 | 逾時兌現
broken | Not kept | 未兑现 | 未兌現
kept_rate | Kept % | 兑现率 % | 兌現率 %
at | At | 时间 | 時間
by | By | 人员 | 人員
what | What | 内容 | 內容
until | Until | 期限 | 期限
kept_at | Kept at | 兑现时间 | 兌現時間
reason | Reason | 理由 | 理由
evidence_given | Evidence | 依据 | 佐證
state | State | 状态 | 狀態
asked | asked | 待审 | 待審
approved | approved | 同意 | 同意
refused | refused | 驳回 | 駁回
asked_by | Asked by | 申请人 | 申請人
decided_by | Decided by | 审批人 | 核定人
left | Before the deadline | 距截止 | 距截止
entry | Entry | 记录 | 紀錄
occurred_at | Happened | 发生时间 | 發生時間
recorded_at | Recorded | 录入时间 | 登錄時間
late_s | Late by | 延迟 | 延遲
late_count | Entries logged more than 15 minutes late | 补录超过15分钟的记录数 | 補登超過15分鐘的筆數
imported | Imported with history | 随历史数据导入 | 隨歷史資料匯入
attempted | Attempted | 回访次数 | 回訪次數
reached | Reached | 接通 | 接通
solved | Solved | 已解决 | 已解決
unsolved | Not solved | 未解决 | 未解決
score | Mean score | 平均评分 | 平均評分
reached_rate | Reached % | 回访接通率 % | 回訪接通率 %
person | Person | 人员 | 人員
upheld | Upheld | 成立 | 成立
nobody | nobody yet | 尚无人 | 尚無人
inspections | Inspections | 巡检次数 | 巡檢次數
loaners_provided | Loaners provided | 提供代用设备 | 提供代用機
loaners_returned | Loaners returned | 归还代用设备 | 歸還代用機
loaners_out | Loaners out at the end | 月末未归还 | 月底未歸還
asset_faults | Faults on known units | 已知设备的故障 | 已知設備的故障
repeated | Repeated within 30 days | 30天内重复 | 30天內重複
repeat_rate | Repeat rate % | 重复率 % | 重複率 %
visited | Faults visited and settled | 上门并解决的故障 | 到府並解決的故障
first_time_fix | First-time fix % | 一次修复率 % | 一次修復率 %
serial | Serial number | 序列号 | 序號
model | Model | 型号 | 型號
month | Month | 月份 | 月份
kind | Kind | 类别 | 類別
breach | per breach | 按次 | 按次
band | month's band | 按月达标率 | 按月達標率
each | Each | 每次 | 每次
below | Below % | 低于 % | 低於 %
share | Share of the fee % | 占月费 % | 占月費 %
amount | Amount | 金额 | 金額
proposed | proposed | 待确认 | 待確認
confirmed | confirmed | 已确认 | 已確認
waived | waived | 免除 | 免除
before_cap | Before the cap | 封顶前 | 上限前
cap | Cap | 上限 | 上限
said | Confirmed | 已确认金额 | 已確認金額
more_cost | {more} more breaches of {commitment} cost {extra} {currency} | {commitment}再违约{more}次将多扣{extra} {currency} | {commitment}再違約{more}次將多扣{extra} {currency}
item | Item | 条目 | 條目
points | Points | 得分 | 得分
most | At most | 满分 | 滿分
source | Source | 来源 | 來源
grade | Grade | 等级 | 等級
so_far | Points so far | 目前得分 | 目前得分
missing | Missing | 缺项 | 缺項
effective | Effective | 生效日 | 生效日
hash | Hash | 哈希 | 雜湊
calendars | Calendars | 日历 | 行事曆
software | Software version | 软件版本 | 軟體版本
holidays | Holiday data | 节假日数据版本 | 假日資料版本
time_zones | Time zone data | 时区数据版本 | 時區資料版本
corrections | Corrected entries | 更正的记录数 | 更正的紀錄數
rounding | Rates are rounded down to one decimal. Open and overdue counts as breached. | 比率向下取至一位小数;未结且超过截止时间的按违约计。 | 比率無條件捨去至小數一位;未結且逾截止時間者以違約計。
response | response | 响应 | 回應
escalation | escalation | 上报二线 | 轉二線
restore | restore service | 恢复 | 恢復服務
resolve | resolve | 解决 | 解決
c_on_site | on site | 到场 | 到場
complaint_answer | answer to a complaint | 投诉答复 | 客訴回覆
d | d | 天 | 天
h | h | 小时 | 小時
min | min | 分 | 分
s | s | 秒 | 秒
"""


def _read() -> dict[str, dict[Language, str]]:
    found: dict[str, dict[Language, str]] = {}
    for line in _TABLE.strip().splitlines():
        key, english, simplified, traditional = (part.strip() for part in line.split("|"))
        found[key] = {"en": english, "zh-CN": simplified, "zh-TW": traditional}
    return found


WORDS: Final = _read()
# commitments by the names contracts usually give them; another name is shown as it is
_COMMITMENTS: Final = {
    **{name: name for name in ("response", "escalation", "restore", "resolve", "complaint_answer")},
    "on_site": "c_on_site",
}


class Words:
    """The words of one language; `plain` in what is for machines, which wants keys and numbers instead of names."""

    plain = False

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, key: str, **values: object) -> str:
        """The word, its gaps filled; KeyError where there is none."""
        text = WORDS[key][self.language]
        return text.format(**values) if values else text

    def commitment(self, name: str) -> str:
        """What a commitment is called."""
        return self(_COMMITMENTS[name]) if name in _COMMITMENTS else name

    def party(self, name: str) -> str:
        """What a responsible party or a reason of an exemption is called."""
        return self("party_customer" if name == "customer" else name)

    def span(self, seconds: float) -> str:
        """A length of time: 1 h 05 min."""
        sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
        minutes, second = divmod(round(rest), 60)
        hours, minute = divmod(minutes, 60)
        days, hour = divmod(hours, 24)
        if days:
            return f"{sign}{days} {self('d')} {hour} {self('h')}"
        if hour:
            return f"{sign}{hour} {self('h')} {minute:02} {self('min')}"
        return f"{sign}{minute} {self('min')}" if minute else f"{sign}{second} {self('s')}"


class Keys(Words):
    """No language at all: everything by its key."""

    plain = True

    def __init__(self) -> None:
        super().__init__("en")

    def __call__(self, key: str, **values: object) -> str:
        """The key itself."""
        return key

    def commitment(self, name: str) -> str:
        """The commitment's name in the contract."""
        return name

    def party(self, name: str) -> str:
        """The party's key."""
        return name
