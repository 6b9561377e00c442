namespace Mooring.Linux.Nftables;

/// <summary>Numbers of linux/netfilter/nfnetlink.h and nf_tables.h, those that set elements need.</summary>
internal static class NftablesConstants
{
    public const ushort BatchBegin = 0x10; // NFNL_MSG_BATCH_BEGIN
    public const ushort BatchEnd = 0x11; // NFNL_MSG_BATCH_END

    public const ushort GetTable = 1; // NFT_MSG_GETTABLE
    public const ushort GetChain = 4; // NFT_MSG_GETCHAIN
    public const ushort GetRule = 7; // NFT_MSG_GETRULE
    public const ushort TableName = 1; // NFTA_TABLE_NAME
    public const ushort TableFlags = 2; // NFTA_TABLE_FLAGS
    public const uint TableDormant = 1; // NFT_TABLE_F_DORMANT
    public const ushort TableUserData = 6; // NFTA_TABLE_USERDATA
    public const ushort ChainTable = 1; // NFTA_CHAIN_TABLE
    public const ushort ChainName = 3; // NFTA_CHAIN_NAME
    public const ushort RuleTable = 1; // NFTA_RULE_TABLE
    public const ushort RuleChain = 2; // NFTA_RULE_CHAIN
    public const ushort RuleExpressions = 4; // NFTA_RULE_EXPRESSIONS

    public const ushort NewElements = 12; // NFT_MSG_NEWSETELEM
    public const ushort GetElements = 13; // NFT_MSG_GETSETELEM
    public const ushort DeleteElements = 14; // NFT_MSG_DELSETELEM

    public const ushort ListElement = 1; // NFTA_LIST_ELEM
    public const ushort ListTable = 1; // NFTA_SET_ELEM_LIST_TABLE
    public const ushort ListSet = 2; // NFTA_SET_ELEM_LIST_SET
    public const ushort ListElements = 3; // NFTA_SET_ELEM_LIST_ELEMENTS

    public const ushort ElementKey = 1; // NFTA_SET_ELEM_KEY
    public const ushort ElementData = 2; // NFTA_SET_ELEM_DATA
    public const ushort ElementExpression = 7; // NFTA_SET_ELEM_EXPR
    public const ushort ElementKeyEnd = 10; // NFTA_SET_ELEM_KEY_END

    public const ushort DataValue = 1; // NFTA_DATA_VALUE
    public const ushort DataVerdict = 2; // NFTA_DATA_VERDICT
    public const ushort VerdictCode = 1; // NFTA_VERDICT_CODE
    public const ushort VerdictChain = 2; // NFTA_VERDICT_CHAIN
    public const int VerdictGoto = -4; // NFT_GOTO

    public const ushort ExpressionName = 1; // NFTA_EXPR_NAME
    public const ushort ExpressionData = 2; // NFTA_EXPR_DATA
    public const ushort CounterBytes = 1; // NFTA_COUNTER_BYTES
    public const ushort CounterPackets = 2; // NFTA_COUNTER_PACKETS

    public const ushort ErrorText = 1; // NLMSGERR_ATTR_MSG
}
