"""The words that a log text may keep: those of Exchange, of SMTP and of the models, signatures and rules of tracelens.

Whatever is not in here is taken for a name. A new signature or rule adds its words by itself.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

WORD = re.compile(r"[^\W\d_][^\W_]{2,}")
LITERAL = re.compile(r"'((?:[^'\n]|'')*)'")

SMTP = """
8bitmime 354 auth bdat binarymime body chunking crlf data dsn ehlo enhancedstatuscodes enhmessagesize envid etrn expn
exchangeauth gssapi helo help hello last login mail mechlist noop notify ntlm oauthbearer orcpt pipelining plain quit
rcpt ret rset rfc822 seqnum perms authsrc capabilities sid sessionid ip port domain size smtp esmtp smtps smtputf8
starttls tls ssl turn vrfy verb xexch50 xexps xanonymoustls anonymoustls exps xproxy xproxyfrom xproxyto xshadow
xshadowrequest xsessionparams xrdst xrsetproxyto xoorg xorigin xoauth2 xmessagecontext xqdiscard xadrc xattr
xattrdirect
xattrorgid xexprops xsysprobe xfrontendprobe xsmtputf8 opportunistic anonymous never success failure delay full hdrs
sha1 sha256 sha384 sha512 sha md5 aes aesgcm rsa ecdh ecdhe ephem dh dhe tls1 ssl3 bits strength key exchange hash
algorithm mac bulk encryption negotiation succeeded failed using protocol http https get post head put options host
user agent mozilla proxy tcp tcp4 tcp6 cookie mstshash cipher
"""
EXCHANGE = """
microsoft exchange server mailbox transport frontend front end hub edge delivery submission service services ready at
connector connectors default client inbound outbound internal external internet intra organization relay app receive
send database db mdb event messageclass creationtime clienttype submissiontime clientsubmittime monitoring momt owa
airsync eas webservices ews mapi rpc store storedriver storedrv deliver routing resolver adr approval agent agents rule
rules ama sum ev compcost etr comp cost action error atch engine name file sig deliverypriority normal high low none
messagevalue medium fromentity hosted replication firstforesthop accountforest forest e2elatency msgrecipcount
externalsendlatency includeinsla true false mailboxdatabaseguid mailboxdatabasename proxyhop1 proxyhop2 proxyhop3
proxiedclientipaddress proxiedclienthostname oorg issmtpresponsefromexternalserver tlsversion isprobe toentity
retries latency total fe del sub smr cat catrs catos catsm catrt qdm sms sdd sddpm sds sa mtss mtssd pen srv lsrv
smsc cbasi uc udn ucn scl queued queue mail redundancy redundant delivered bytes kb mb sec internalid hostname fqdn led
lrt msg nexthop recordid internetmessageid sending receiving message messages attempting connect connected connecting
connection connections session sessions authenticated local remote connectionreset shadow heartbeat probe health test
destination destinations obtained onproxyinboundmessage correlation id winsock code win32 address addresses target
machine actively refused established because did not properly respond after period time or has have could cannot
made no any after been forcibly closed existing host unreachable network timed out timeout response responded primary
alternate attempted failover succeed success that but did either there are is was were will be now proxied successfully
set up setup for backend back chain validation status emptycertificate noremotecertificate certificate subject issuer
serial number thumbprint before names alternative tlsdomaincapabilities tlsdomain nocredentials unknowncredentials
untrustedroot partialchain socketerror socketconnectionrefused sockettimedout revoked expired offlinerevocation
revocationstatusunknown invalid notvalid logondenied badbinding invalidtoken usernameorpasswordincorrect tarpit
permissions permission smtpsubmit smtpacceptanyrecipient smtpacceptanysender smtpacceptauthoritativedomainsender
smtpacceptauthenticationflag smtpacceptexch50 smtpacceptxshadow smtpacceptxproxyfrom smtpsendexch50 smtpsendxshadow
bypassantispam bypassmessagesizelimit acceptroutingheaders acceptforestheaders acceptorganizationheaders
sendroutingheaders sendforestheaders sendorganizationheaders acceptcrosspremisesheaders acceptxattr inspect
dnsconnectordelivery smarthostconnectordelivery smtprelaywithinadsitetoedge mapidelivery heartbeatconnector drop
messagetrackinglog originating incoming undefined email ipm note schedule meeting request report ndr noti
cators catort catresl execc execw etrp gtoep isup mas qde smrc smrcl smrde smrpi smsmbxd catcontentconversion
conditions
domainvalidation effectivetlsauthlevel mailrecipient requiredtlsauthlevel itementryid mediumhigh originalfromaddress
mailboxtransportsubmissionemailassistant submissionassistant storagequotawarning servermdbconnectionid xmessagevalue
administrative quota warning originalclientip
prx prx1 prx2 prx3 prx4 prx5 prx6 prx7 prx8 prx9 agentinfo log type fields date software
version header headers cdn uri recipients sender senders
"""
ENGLISH = """
a an the of to in on by with without from and or not no please try again later your you this these than then too many
much more less most some same other another per each only also already still yet as if when while until since both who
which what where how it its can can't could couldn doesn don didn isn wasn aren hasn haven won must may might should
would does do done has had having been being get got gets gave give given take taken takes use used uses using
due open opened opening close closed closing lost waiting wait during expected unexpected unknown unable invalid valid
missing found new old next previous first second third last only line lines command commands unrecognized unimplemented
implemented bad sequence syntax parameter parameters argument arguments accept accepted accepting reject rejected
rejecting deny denied block blocked blocklist listed policy limit limits exceeded exceeds maximum minimum size too
large
long short full quota over insufficient resources resource system storage space disk memory pressure temporary
temporarily temporarly permanent transient error errors failure failures fail fails failed problem problems
verification verified verify lookup look reverse dns record records mx spf dkim dmarc ptr ip relay relaying relayed
access greylisted greylisting greylist graylisted deferred defer delayed delay retry retried retrying attempt attempts
rate throttled throttling connection concurrent user users username password credentials logon login
authentication authenticate authorized unauthorized authorization required requires require secure security encrypted
encryption unencrypted cleartext channel transmission start input end ok okay queued completed complete resetting reset
recipient recipients sender senders mailbox mailboxes unavailable available availability exist exists nonexistent such
here there disabled enabled inactive active moved changed change spam virus malware suspicious content reputation
blacklisted blacklist contact administrator postmaster support help see visit details detail information info more
code reason text response reply greeting banner welcome hello goodbye bye service shutting down up day days hour hours
minute minutes second seconds ms millisecond time date mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep
unsuccessful successful unsuccessfully endpoint endpoints party properly respond responds follow followed follows
order orders sent send reach reached unreachable refuse refuses
oct nov dec am pm utc gmt postfix exim sendmail qmail name number value list group member distribution loop hop hops
count detected duplicate expanded expansion redirected forwarded ambiguous object property properties corrupt
conversion converter exception subclass inner outer state status result id ids none null true false
"""
PHRASES = re.compile(r"Office ?365|Exchange Online|Mailbox Rules Agent|Transport Rule Agent", re.IGNORECASE)


@cache
def words() -> frozenset[str]:
    """Gives all words that stay, in lower case."""
    return frozenset(f"{SMTP} {EXCHANGE} {ENGLISH}".split()) | _known()


def _known() -> set[str]:
    """Words of the signatures, of the rules and of the texts that models look for."""
    from tracelens.rulebook import load_rules, load_signatures

    found: set[str] = set()
    for signature in load_signatures():
        pattern = re.sub(r"\\[a-zA-Z]", " ", signature.regex)
        phrases = " ".join((*signature.all, *signature.any, *signature.none, pattern))
        found.update(WORD.findall(phrases.lower()))
    texts = [rule.sql for rule in load_rules()]
    texts += [path.read_text(encoding="utf-8") for path in (resources.files("tracelens") / "sql").iterdir()]
    for text in texts:
        for literal in LITERAL.findall(re.sub(r"--.*", "", text)):
            found.update(WORD.findall(re.sub(r"\\[a-zA-Z]", " ", literal).lower()))
    return found
